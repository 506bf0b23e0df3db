"""Simulated 12-lead recordings whose every wave is known.

A moving dipole (`waves`, `atria`) beats in a rhythm (`rhythms`) of a drawn person (`heart`), is seen by nine electrodes
(`torso`) that also pick up what does not come from the heart (`noise`). A condition (`conditions`) is a change of shape
(`shapes`) and a rhythm; `simulate` puts them together and says what it did (`truth`).
"""
