import type { Block, Inline, ListItem, NamedLink } from '../state/markdown.js';
import { type Piece, plainLine } from '../state/text.js';
import { words } from '../words/words.js';
import { CopyButton } from './copy-button.js';
import { MentionText } from './mentions.js';

const rel = 'noopener noreferrer nofollow';

function PieceOf({ piece }: { piece: Piece }) {
  switch (piece.type) {
    case 'text':
      return <MentionText text={piece.text} />;
    case 'link':
      return (
        <a href={piece.href} target="_blank" rel={rel}>
          {piece.text}
        </a>
      );
    default:
      return (
        <span
          className="hidden-character"
          title={piece.type === 'hidden' ? words().conversation.invisible : words().conversation.hiddenMarks}
        >
          {piece.type === 'hidden' ? piece.text : words().conversation.marks([...piece.text].length)}
        </span>
      );
  }
}

/** A link whose text the sender chose. Says where it leads, unless its text does. */
function Named({ link }: { link: NamedLink }) {
  const title = plainLine(link.title);
  return (
    <>
      <a href={link.href} target="_blank" rel={rel} title={title === '' ? link.href : `${title} – ${link.href}`}>
        <bdi>
          <Line of={link.content} />
        </bdi>
      </a>
      {link.opens !== undefined && (
        <>
          {' '}
          <bdi className="link-host">({link.opens})</bdi>
        </>
      )}
    </>
  );
}

function InlineOf({ part }: { part: Inline }) {
  switch (part.type) {
    case 'code':
      return (
        <code>
          <Line of={part.content} />
        </code>
      );
    case 'named-link':
      return <Named link={part} />;
    case 'strong':
    case 'em':
    case 's': {
      const Tag = part.type;
      return (
        <Tag>
          <Line of={part.content} />
        </Tag>
      );
    }
    default:
      return <PieceOf piece={part} />;
  }
}

function Line({ of }: { of: readonly Inline[] }) {
  // biome-ignore lint/suspicious/noArrayIndexKey: the parts have no id and no state
  return of.map((part, index) => <InlineOf key={index} part={part} />);
}

function List({ isNumbered, items }: { isNumbered: boolean; items: readonly ListItem[] }) {
  const all = items.map(({ number, blocks }, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the items have no id
    <li key={index} value={number} dir="auto">
      <Blocks of={blocks} />
    </li>
  ));
  return isNumbered ? <ol>{all}</ol> : <ul>{all}</ul>;
}

function BlockOf({ block }: { block: Block }) {
  switch (block.type) {
    case 'paragraph':
      return (
        <p dir="auto">
          <Line of={block.content} />
        </p>
      );
    case 'quote':
      return (
        <blockquote>
          <Blocks of={block.blocks} />
        </blockquote>
      );
    case 'list':
      return <List {...block} />;
    case 'code':
      return (
        <figure className="code">
          <figcaption>
            {block.language !== '' && <span>{plainLine(block.language)}</span>}
            <CopyButton text={block.text} label={words().conversation.copyCode} />
          </figcaption>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: keys must be able to scroll long lines */}
          <pre tabIndex={0}>
            <code>
              <Line of={block.content} />
            </code>
          </pre>
        </figure>
      );
  }
}

/** The blocks of a message. A single paragraph is a line of its surroundings. */
export function Blocks({ of }: { of: readonly Block[] }) {
  const [first] = of;
  if (of.length === 1 && first?.type === 'paragraph') {
    return (
      <span>
        <Line of={first.content} />
      </span>
    );
  }
  // biome-ignore lint/suspicious/noArrayIndexKey: the blocks of a text do not move
  return of.map((block, index) => <BlockOf key={index} block={block} />);
}
