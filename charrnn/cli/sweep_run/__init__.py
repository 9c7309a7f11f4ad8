"""sweep_run"""
