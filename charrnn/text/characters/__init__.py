"""characters"""
