-- A sample may be a preference pair: `messages` end with the chosen answer, and the one that was not preferred stands beside
-- them. A text and not a conversation, since both answers have the same turns before them.

alter table samples add column rejected text;
