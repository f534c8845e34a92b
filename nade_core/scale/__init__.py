"""Beyond one machine, on Ray: scoring many files, and trainings that a cluster does. The one room that imports ray."""
