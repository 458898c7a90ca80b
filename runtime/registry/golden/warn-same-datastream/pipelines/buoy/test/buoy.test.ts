// Here so that the pipeline has a test; it is never run.
