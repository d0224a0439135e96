"""Constraints for diffusion language models: canvases whose positions are filled in any order."""
