"""gradflow"""
