import { useState } from 'react';
import type { SaidLine } from '../state/lines.js';
import { useRoom } from './desk-context.js';
import { Icon, type IconName } from './icon.js';
import type { Intent } from './intent.js';

interface MessageActionsProps {
  readonly line: SaidLine;
  readonly isOwn: boolean;
  readonly onIntent: (intent: Intent) => void;
}

const choices = ['👍', '❤️', '😂', '🎉', '😮', '👀'];

/** What can be done to a message. */
export function MessageActions({ line, isOwn, onIntent }: MessageActionsProps) {
  const room = useRoom();
  const [open, setOpen] = useState<'reactions' | 'deleting'>();
  const toggle = (what: typeof open) => setOpen(open === what ? undefined : what);
  return (
    <>
      <div className="actions" data-open={open !== undefined} role="toolbar" aria-label="Message actions">
        {open === 'reactions' && <Choices line={line} onDone={() => setOpen(undefined)} />}
        <Action name="smile" words="React" onPress={() => toggle('reactions')} />
        <Action name="reply" words="Reply" onPress={() => onIntent({ do: 'reply', to: line })} />
        {isOwn && line.text !== undefined && (
          <Action name="edit" words="Edit" onPress={() => onIntent({ do: 'edit', line })} />
        )}
        {isOwn && <Action name="trash" words="Delete" onPress={() => toggle('deleting')} />}
      </div>
      {open === 'deleting' && (
        <p className="confirmation">
          <button type="button" className="danger small" onClick={() => room.change('delete', line.seq)}>
            Delete for everybody
          </button>
        </p>
      )}
    </>
  );
}

function Action({ name, words, onPress }: { name: IconName; words: string; onPress: () => void }) {
  return (
    <button type="button" className="icon-button small" aria-label={words} title={words} onClick={onPress}>
      <Icon name={name} size={18} />
    </button>
  );
}

function Choices({ line, onDone }: { line: SaidLine; onDone: () => void }) {
  const room = useRoom();
  return choices.map((emoji) => (
    <button
      key={emoji}
      type="button"
      className="icon-button small"
      aria-label={`React with ${emoji}`}
      onClick={() => {
        room.change('react', line.seq, emoji);
        onDone();
      }}
    >
      {emoji}
    </button>
  ));
}
