"""The engagement: everything that the playbook records of one customer."""
