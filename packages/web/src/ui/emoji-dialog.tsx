import { type KeyboardEvent, useId, useState } from 'react';
import { byCategory, type Emoji, matchingEmoji } from '../state/emoji.js';
import { words } from '../words/words.js';
import { Dialog } from './dialog.js';
import { useEmoji } from './use-emoji.js';

interface EmojiDialogProps {
  readonly title: string;
  readonly onPick: (emoji: string) => void;
  readonly onClose: () => void;
}

/** Returns the button that an arrow key leads to, or undefined at the edge. */
function neighbour(all: readonly HTMLElement[], from: HTMLElement, key: string): HTMLElement | undefined {
  const at = all.indexOf(from);
  if (key === 'ArrowLeft') return all[at - 1];
  if (key === 'ArrowRight') return all[at + 1];
  const { left, top } = from.getBoundingClientRect();
  const places = all.map((element) => ({ element, box: element.getBoundingClientRect() }));
  const isBeyond = ({ box }: (typeof places)[number]) => (key === 'ArrowUp' ? box.top < top - 1 : box.top > top + 1);
  const rows = places.filter(isBeyond);
  const row = key === 'ArrowUp' ? rows.at(-1)?.box.top : rows[0]?.box.top;
  const inRow = rows.filter(({ box }) => Math.abs(box.top - (row ?? 0)) < 1);
  return inRow.toSorted((one, other) => Math.abs(one.box.left - left) - Math.abs(other.box.left - left))[0]?.element;
}

/** Moves the focus between emoji with the arrow keys. */
function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  if (!/^Arrow/.test(event.key) || !(event.target instanceof HTMLElement)) return;
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>('button')];
  neighbour(all, event.target, event.key)?.focus();
  event.preventDefault();
}

/** All emoji by category, with a search. Enter in the search picks the first one. */
export function EmojiDialog({ title, onPick, onClose }: EmojiDialogProps) {
  const id = useId();
  const [text, setText] = useState('');
  const { all, isFailed } = useEmoji(true);
  const say = words().conversation;
  const found = matchingEmoji(all ?? [], text);
  const pick = (emoji: Emoji | undefined) => emoji !== undefined && onPick(emoji.emoji);
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || text.trim() === '') return;
    event.preventDefault();
    pick(found[0]);
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="field">
        <label htmlFor={id}>{say.searchEmoji}</label>
        <input
          id={id}
          type="search"
          autoComplete="off"
          placeholder={say.emojiField}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKey}
        />
      </div>
      <p className="hint" role="status">
        {isFailed && say.emojiFailed}
        {all === undefined && !isFailed && words().common.loading}
        {all !== undefined && found.length === 0 && say.noEmoji}
      </p>
      <div className="emoji" role="toolbar" aria-label={say.emoji} onKeyDown={moveFocus}>
        {[...byCategory(found)].map(([category, emoji]) => (
          <section key={category} aria-label={say.emojiCategory(category)}>
            <h3>{say.emojiCategory(category)}</h3>
            <div className="emoji-grid">
              {emoji.map((one) => (
                <EmojiButton key={one.emoji} emoji={one} isFirst={one === found[0]} onPick={pick} />
              ))}
            </div>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

interface EmojiButtonProps {
  readonly emoji: Emoji;
  /** Whether the Tab key reaches it. Arrow keys reach all others. */
  readonly isFirst: boolean;
  readonly onPick: (emoji: Emoji) => void;
}

function EmojiButton({ emoji, isFirst, onPick }: EmojiButtonProps) {
  const [name = ''] = emoji.names;
  return (
    <button
      type="button"
      aria-label={name.replaceAll('_', ' ')}
      title={`:${name}:`}
      tabIndex={isFirst ? 0 : -1}
      onClick={() => onPick(emoji)}
    >
      {emoji.emoji}
    </button>
  );
}
