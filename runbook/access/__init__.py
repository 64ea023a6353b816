"""Who may do what with an environment, as exact lists and as policy documents."""
