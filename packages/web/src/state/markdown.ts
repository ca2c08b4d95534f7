import MarkdownIt, { type Token } from 'markdown-it';
import { excerpt, linkOf, type Piece, piecesOf, plainLine, shortenedTo } from './text.js';

/** A part of a line: safe pieces of text, and formats around them. */
export type Inline =
  | Piece
  | { readonly type: 'code'; readonly content: readonly Piece[]; readonly text: string }
  | { readonly type: 'strong' | 'em' | 's'; readonly content: readonly Inline[] }
  | NamedLink;

/** A link whose text the sender chose. */
export interface NamedLink {
  readonly type: 'named-link';
  readonly href: string;
  /** The host or mailbox that the link opens. Undefined if the text is the address itself, with that host. */
  readonly opens: string | undefined;
  readonly title: string;
  readonly content: readonly Inline[];
}

/** An item of a list. */
export interface ListItem {
  /** Number that the sender wrote, if the list is numbered. */
  readonly number: number | undefined;
  readonly blocks: readonly Block[];
}

/** A part of a message that starts on a line of its own. */
export type Block =
  | { readonly type: 'paragraph'; readonly content: readonly Inline[] }
  | { readonly type: 'code'; readonly text: string; readonly content: readonly Piece[]; readonly language: string }
  | { readonly type: 'quote'; readonly blocks: readonly Block[] }
  | { readonly type: 'list'; readonly isNumbered: boolean; readonly items: readonly ListItem[] };

/** Maximum depth of quotes and lists. A deeper message is shown as it was written. */
const mostNested = 20;
/** Maximum number of tokens. A message that has more is shown as it was written. */
const mostTokens = 3_000;

const parser = new MarkdownIt('zero', { maxNesting: mostNested }).enable([
  'fence',
  'blockquote',
  'list',
  'backticks',
  'emphasis',
  'strikethrough',
  'balance_pairs',
  'link',
  'escape',
  'newline',
]);
parser.disable('text_join'); // An escaped character stays apart, so that it counts as a format.
parser.normalizeLink = (address) => address;
parser.validateLink = (address) => urlOf(address) !== undefined;

/** Returns the target of a link, if a click on it is safe. */
function urlOf(address: string): URL | undefined {
  if (!/^(?:https?:\/\/|mailto:)/i.test(address) || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  return url.username === '' && url.password === '' ? url : undefined;
}

/** The tokens of a message, and a position in them. */
class Tokens {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** Returns the next token, or undefined at the end or at a closing token, which it passes. */
  next(): Token | undefined {
    const token = this.#tokens[this.#at++];
    return token?.nesting === -1 ? undefined : token;
  }
}

/** Types of tokens that contain text. Adjacent tokens of these types are one text. */
const texts = new Set(['text', 'text_special', 'softbreak', 'hardbreak']);
const written = (token: Token) => (token.type.endsWith('break') ? '\n' : token.content);

/** Reads the parts of a line up to the token that closes them. */
function inlines(tokens: Tokens, links = true): readonly Inline[] {
  const content: Inline[] = [];
  let text = '';
  const flush = () => {
    content.push(...piecesOf(text, links));
    text = '';
  };
  for (let token = tokens.next(); token !== undefined; token = tokens.next()) {
    if (texts.has(token.type)) text += written(token);
    else {
      flush();
      content.push(formatted(token, tokens, links));
    }
  }
  flush();
  return content;
}

function formatted(token: Token, tokens: Tokens, links: boolean): Inline {
  if (token.type === 'code_inline')
    return { type: 'code', text: token.content, content: piecesOf(token.content, false) };
  if (token.type === 'link_open') return namedLink(token, inlines(tokens, false));
  return { type: token.tag as 'strong' | 'em' | 's', content: inlines(tokens, links) };
}

/** Returns the text of a line without its formats. */
function lettersOf(content: readonly Inline[]): string {
  return content.map((part) => ('text' in part ? part.text : lettersOf(part.content))).join('');
}

const addressOf = (token: Token) => String(token.attrGet('href'));

function namedLink(token: Token, content: readonly Inline[]): Inline {
  const address = addressOf(token);
  const { protocol, host, pathname, href } = urlOf(address) as URL;
  const shown = lettersOf(content);
  const isAddress = shown === href || (shown === address && linkOf(address) !== undefined);
  const opens = protocol === 'mailto:' ? pathname : host;
  return {
    type: 'named-link',
    href,
    opens: isAddress ? undefined : opens,
    title: String(token.attrGet('title') ?? ''),
    content,
  };
}

/** Reads blocks up to the token that closes them. */
function blocks(tokens: Tokens): readonly Block[] {
  const found: Block[] = [];
  for (let token = tokens.next(); token !== undefined; token = tokens.next()) found.push(block(token, tokens));
  return found;
}

function block(token: Token, tokens: Tokens): Block {
  switch (token.type) {
    case 'fence': {
      const text = token.content.replace(/\n$/, '');
      return { type: 'code', text, content: piecesOf(text, false), language: token.info.trim() };
    }
    case 'blockquote_open':
      return { type: 'quote', blocks: blocks(tokens) };
    case 'bullet_list_open':
    case 'ordered_list_open':
      return { type: 'list', isNumbered: token.type === 'ordered_list_open', items: items(tokens) };
    default: {
      const content = inlines(new Tokens(tokens.next()?.children ?? []));
      tokens.next();
      return { type: 'paragraph', content };
    }
  }
}

function items(tokens: Tokens): readonly ListItem[] {
  const found: ListItem[] = [];
  for (let token = tokens.next(); token !== undefined; token = tokens.next())
    found.push({ number: token.info === '' ? undefined : Number(token.info), blocks: blocks(tokens) });
  return found;
}

function isPlain(tokens: readonly Token[]): boolean {
  return tokens.every(({ type, children }) =>
    children === null
      ? type.startsWith('paragraph_')
      : children.every((child) => child.type !== 'text_special' && texts.has(child.type)),
  );
}

/** Returns whether the message is nested too deep for the parser, or too long for the page. */
function isTooMuch(tokens: readonly Token[]): boolean {
  const count = tokens.reduce((sum, { children }) => sum + 1 + (children?.length ?? 0), 0);
  return count > mostTokens || tokens.some(({ nesting, level }) => nesting === 1 && level >= mostNested - 1);
}

/** Whether a link has no address, such as `[a]()`. The parser takes it for a link. */
function hasEmptyLink(tokens: readonly Token[]): boolean {
  const links = tokens.flatMap(({ children }) => children ?? []).filter(({ type }) => type === 'link_open');
  return links.some((link) => urlOf(addressOf(link)) === undefined);
}

/**
 * Parses a message in a subset of CommonMark: code, emphasis, strikethrough, lists, quotes and links
 * to http, https and mailto. HTML stays text. A message without formats keeps all its white space.
 */
export function blocksOf(text: string): readonly Block[] {
  const tokens = parser.parse(text, {});
  if (isPlain(tokens) || isTooMuch(tokens) || hasEmptyLink(tokens))
    return [{ type: 'paragraph', content: piecesOf(text) }];
  return blocks(new Tokens(tokens));
}

/** Returns the words of a block, with a space between its parts. */
function wordsOf(block: Block): string {
  switch (block.type) {
    case 'paragraph':
      return block.content.map(visibleOf).join('');
    case 'code':
      return block.text;
    case 'quote':
      return block.blocks.map(wordsOf).join(' ');
    case 'list':
      return block.items.flatMap(({ blocks: parts }) => parts.map(wordsOf)).join(' ');
  }
}

function visibleOf(part: Inline): string {
  if (!('text' in part)) return part.content.map(visibleOf).join('');
  return part.type === 'hidden' || part.type === 'marks' ? '' : part.text;
}

/** Returns a message on one line, without its formats and hidden characters. */
export function withoutFormats(text: string): string {
  const line = plainLine(blocksOf(text).map(wordsOf).join(' '));
  return line.trim() === '' ? plainLine(text) : line;
}

/** Returns the start of a message on one line, without its formats, of at most `most` characters. */
export function plainStart(text: string, most: number): string {
  return excerpt(withoutFormats(shortenedTo(text, 4 * most)), most);
}
