"""What the prompt reads, and how far that explains the prediction: arrays and tables, no pictures.

paths.py          one text: a token taken away for the prompt, for the frozen model, or for both
routes.py         many texts: probabilities with any other prompts
tokens.py         token weights and signed contributions, words.py adds sub-words up
dataset.py        weights over a data set; plant.py: do they find what was planted?
blocks.py         attention to the prompt in the blocks above m
prompts.py        the prompts' own geometry
attributions.py   gradient x input and integrated gradients, by route
erasure.py        comprehensiveness, sufficiency, AOPC; interventions.py: other prompts in place of a text's own
domains.py        how two domains differ; shift.py: why accuracy is lost between them
pairs.py          two classifiers on the same texts
similarity.py     what the frozen model says of two texts before anything is trained
faithfulness.py   all of it over several seeds (seeds.py), and in sentences what held
"""
