import { useRef, useState } from 'react';
import type { SaidLine } from '../state/lines.js';
import type { Names } from '../state/names.js';
import { chatHref, roomHref } from '../state/place.js';
import { useCopy } from './copy-button.js';
import { usePlace } from './hooks.js';
import { Icon, type IconName } from './icon.js';
import type { IntentRequest } from './intent.js';
import { ReadersDialog } from './readers-dialog.js';
import { useCloseOutside } from './use-close-outside.js';
import { useOpenConversation } from './workspace-context.js';

interface MessageActionsProps {
  readonly line: SaidLine;
  readonly isOwn: boolean;
  readonly mayChange: boolean;
  /** Whether others send receipts here. */
  readonly hasReceipts: boolean;
  readonly names: Names;
  readonly onIntent: (request: IntentRequest) => void;
}

const choices = ['👍', '❤️', '😂', '🎉', '😮', '👀'];

/** The toolbar of a message. */
export function MessageActions({ line, isOwn, mayChange, hasReceipts, names, onIntent }: MessageActionsProps) {
  const conversation = useOpenConversation();
  const [open, setOpen] = useState<'reactions' | 'deleting' | 'readers'>();
  const toggle = (what: typeof open) => setOpen(open === what ? undefined : what);
  const tools = useRef<HTMLDivElement>(null);
  const { said, copy } = useCopy();
  const link = usePlace().kind === 'room' ? roomHref : chatHref;
  useCloseOutside(tools, open === 'reactions', () => setOpen(undefined));
  return (
    <>
      <div ref={tools} className="actions" data-open={open !== undefined} role="toolbar" aria-label="Message actions">
        {open === 'reactions' && <Choices line={line} onDone={() => setOpen(undefined)} />}
        {mayChange && <Action name="smile" words="React" onPress={() => toggle('reactions')} />}
        <Action name="reply" words="Reply" onPress={() => onIntent({ do: 'reply', target: line })} />
        {hasReceipts && isOwn && <Action name="checks" words="Read by" onPress={() => toggle('readers')} />}
        {mayChange && (
          <Action
            name="link"
            words="Copy link"
            onPress={() => copy(new URL(link(conversation.channelId, line.seq), location.href).href)}
          />
        )}
        {mayChange && isOwn && line.text !== undefined && (
          <Action name="edit" words="Edit" onPress={() => onIntent({ do: 'edit', target: line })} />
        )}
        {mayChange && isOwn && <Action name="trash" words="Delete" onPress={() => toggle('deleting')} />}
      </div>
      {open === 'readers' && <ReadersDialog seq={line.seq} names={names} onClose={() => setOpen(undefined)} />}
      {said !== undefined && (
        <p className="confirmation hint" role="status">
          {said}
        </p>
      )}
      {open === 'deleting' && (
        <p className="confirmation">
          <button type="button" className="danger small" onClick={() => conversation.change('delete', line.seq)}>
            Delete for everyone
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
  const conversation = useOpenConversation();
  return choices.map((emoji) => (
    <button
      key={emoji}
      type="button"
      className="icon-button small"
      aria-label={`React with ${emoji}`}
      onClick={() => {
        conversation.change('react', line.seq, emoji);
        onDone();
      }}
    >
      {emoji}
    </button>
  ));
}
