"""The panels: ipywidgets for Jupyter, each a state that needs no kernel and a view of it."""
