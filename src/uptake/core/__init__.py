"""Words that all wings share, on the standard library; only `sheets`, the reader of workbooks, needs more, when it is called."""
