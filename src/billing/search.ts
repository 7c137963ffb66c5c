import { cleanText, latinDigits, searchText } from '../domain/text.js';

/*
 * Space, ZWNJ and nothing at all are three spellings of one compound, so what is indexed has no gaps: the text from
 * each of its words on (`علی رضا کریمی` → `علیرضاکریمی`, `رضاکریمی`, `کریمی`). A word of a query then finds by prefix
 * in an ordinary index, however its compounds were typed, and needs no extension of PostgreSQL.
 */

/** Characters of an entry; keeps the index small, and no two words agree that far by chance. */
const ENTRY_LENGTH = 24;
const MARKS = '،,؛;:.()«»"\'/\\-';
const EDGES = new RegExp(`^[${escapeSet(MARKS)}]+|[${escapeSet(MARKS)}]+$`, 'g');
const GAPS = /[\s\u200c]+/;
const AFTER_MARK = new RegExp(`(?<=[${escapeSet(MARKS)}])(?=[^${escapeSet(MARKS)}])`);

function escapeSet(marks: string): string {
  return marks.replace(/[\\\]^-]/g, '\\$&');
}

function fold(text: string): string[] {
  // a mark such as `-` or `(` does not hide the word after it
  return text
    .split(GAPS)
    .flatMap((word) => word.split(AFTER_MARK))
    .map(foldedWord)
    .filter((word) => word !== '');
}

// names and streets repeat: folding each of their words once halves the time of a large load
const folded = new Map<string, string>();
const FOLDED_MOST = 20_000;

function foldedWord(word: string): string {
  let text = folded.get(word);
  if (text === undefined) {
    text = searchText(word);
    if (folded.size >= FOLDED_MOST) folded.clear();
    folded.set(word, text);
  }
  return text;
}

function entries(text: string): string[] {
  const words = fold(text);
  return words.map((first, at) => {
    let entry = first;
    for (let next = at + 1; next < words.length && entry.length < ENTRY_LENGTH; next++) entry = joined(entry, words[next] ?? '');
    return entry.slice(0, ENTRY_LENGTH);
  });
}

/** As searchText of both: only between two digits a gap means something. */
function joined(before: string, word: string): string {
  return /[0-9]$/.test(before) && /^[0-9]/.test(word) ? `${before} ${word}` : before + word;
}

function quoted(lexeme: string): string {
  return `'${lexeme.replace(/['\\]/g, '$&$&')}'`;
}

/** What finds a subscriber by name or address, as the text of a tsvector. */
export function searchWords(name: string, address: string): string {
  return [...new Set([...entries(name), ...entries(address)])].map(quoted).join(' ');
}

/**
 * The words of a query as the text of a tsquery: each must begin somewhere in the name or the address, alone or as the
 * next part of a compound (محمد علی finds محمدعلی); every sign is text. Null when there is nothing to look for.
 */
export function searchQuery(query: string): string | null {
  const words = query
    .split(/\s+/)
    .map((word) => searchText(word.replace(EDGES, '')))
    .filter((word) => word !== '');
  if (words.length === 0) return null;
  const prefix = (text: string): string => `${quoted(text.slice(0, ENTRY_LENGTH))}:*`;
  return words
    .map((word, at) => (at === 0 ? prefix(word) : `(${prefix(word)} | ${prefix(joined(words[at - 1] ?? '', word))})`))
    .join(' & ');
}

/** Both ids of a slip's barcode, each padded to 13 digits. */
const BARCODE_LENGTH = 26;

/** A query as an id: without gaps, and as a bill id is written, also from a slip's barcode. Null when it holds no digit. */
export function typedId(query: string): { id: string; billId: string } | null {
  const id = latinDigits(cleanText(query)).replace(/[\s\u200c]+/g, '');
  if (!/[0-9]/.test(id)) return null;
  return { id, billId: (isBarcode(id) ? id.slice(0, BARCODE_LENGTH / 2) : id).replace(/^0+/, '') };
}

function isBarcode(id: string): boolean {
  return id.length === BARCODE_LENGTH && /^[0-9]+$/.test(id);
}

/** A query for a billing system that searches by itself: text as the feeds clean it, an id without gaps, a barcode as its bill id. */
export function plainQuery(query: string): string {
  const typed = typedId(query);
  if (typed === null || !/^[0-9]+$/.test(typed.id)) return latinDigits(cleanText(query));
  return isBarcode(typed.id) ? typed.billId : typed.id;
}
