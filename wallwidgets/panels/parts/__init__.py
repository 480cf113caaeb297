"""What the panels share: the background job, and parts that plain ipywidgets cannot give."""
