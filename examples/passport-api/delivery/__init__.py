"""What CodeBuild runs: the image's tag, and the judgement of its scan."""
