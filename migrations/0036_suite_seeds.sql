-- Answers of an endpoint as they come, so that an interrupted evaluation goes on behind the last one; runs that differ only in
-- their seed as one candidate of a suite.

-- Comparisons now have metrics of the whole set, too. They are computed again when somebody looks.
delete from suite_comparisons;
