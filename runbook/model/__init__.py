"""The typed environment: what one file under environments/ may say, and why it is refused."""
