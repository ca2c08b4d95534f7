import { piecesOf } from '../../state/text.js';
import { words } from '../../words/words.js';
import { Sliced } from '../mentions.js';

/**
 * A text that others have written, such as a name: plain text, isolated from its surroundings. Hidden
 * characters appear as their codes.
 */
export function Shown({ text }: { text: string }) {
  if (text.trim() === '') return <span className="hint">{text === '' ? '' : words().common.noName}</span>;
  return (
    <bdi className="shown">
      {piecesOf(text, false).map((piece, index) =>
        piece.type === 'hidden' ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text never move
          <code key={index}>{piece.text}</code>
        ) : piece.type === 'marks' ? null : (
          // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text never move
          <Sliced key={index} text={piece.text} />
        ),
      )}
    </bdi>
  );
}
