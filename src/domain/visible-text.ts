/** Control, bidi and zero-width characters can hide or reorder text in a terminal, a chat or a page; none has a use here. */
const INVISIBLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

export const visible = (text: string): string => text.replace(INVISIBLE, '');
