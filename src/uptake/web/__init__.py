"""The Django project, the only Django code."""
