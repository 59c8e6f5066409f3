"""Does what is known of a file without its pixels explain the detector's verdicts?"""
