"""Rules over the synthesized templates; the first ones come with the resources they guard."""
