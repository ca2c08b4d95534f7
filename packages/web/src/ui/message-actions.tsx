import { useRef, useState } from 'react';
import type { SaidLine } from '../state/lines.js';
import type { Names } from '../state/names.js';
import { chatHref, roomHref } from '../state/place.js';
import { words } from '../words/words.js';
import { useCopy } from './copy-button.js';
import { usePlace } from './hooks.js';
import { Icon, type IconName } from './icon.js';
import type { IntentRequest } from './intent.js';
import { MessageDialog } from './message-dialog.js';
import { useCloseOutside } from './use-close-outside.js';
import { useOpenConversation } from './workspace-context.js';

interface MessageActionsProps {
  readonly line: SaidLine;
  readonly isOwn: boolean;
  readonly mayReply: boolean;
  readonly mayChange: boolean;
  /** Whether the user may pin the message, and delete it if others sent it. */
  readonly mayModerate: boolean;
  /** Whether others send receipts here. */
  readonly hasReceipts: boolean;
  readonly names: Names;
  readonly onIntent: (request: IntentRequest) => void;
}

const choices = ['👍', '❤️', '😂', '🎉', '😮', '👀'];

/** The toolbar of a message. */
export function MessageActions(props: MessageActionsProps) {
  const { line, isOwn, mayReply, mayChange, mayModerate, hasReceipts, names, onIntent } = props;
  const conversation = useOpenConversation();
  const [open, setOpen] = useState<'reactions' | 'emoji' | 'deleting' | 'readers' | 'report'>();
  const toggle = (what: typeof open) => setOpen(open === what ? undefined : what);
  const close = () => setOpen(undefined);
  const tools = useRef<HTMLDivElement>(null);
  const { said, copy } = useCopy();
  const say = words().conversation;
  const react = (emoji: string) => {
    conversation.change('react', line.seq, emoji);
    close();
  };
  const link = usePlace().kind === 'room' ? roomHref : chatHref;
  useCloseOutside(tools, open === 'reactions', close);
  return (
    <>
      <div className="actions-place">
        <div ref={tools} className="actions" data-open={open !== undefined} role="toolbar" aria-label={say.actions}>
          {open === 'reactions' && <Choices onReact={react} onMore={() => setOpen('emoji')} />}
          {mayChange && <Action name="smile" label={say.reactAction} onPress={() => toggle('reactions')} />}
          {mayReply && (
            <Action name="reply" label={say.replyAction} onPress={() => onIntent({ do: 'reply', target: line })} />
          )}
          {hasReceipts && isOwn && <Action name="checks" label={say.readByAction} onPress={() => toggle('readers')} />}
          {mayChange && (
            <Action
              name="link"
              label={words().common.copyLink}
              onPress={() => copy(new URL(link(conversation.channelId, line.seq), location.href).href)}
            />
          )}
          {mayModerate && (
            <Action
              name="pin"
              label={line.pinned === true ? say.unpinAction : say.pinAction}
              onPress={() => conversation.change(line.pinned === true ? 'unpin' : 'pin', line.seq)}
            />
          )}
          {mayChange && isOwn && line.text !== undefined && (
            <Action name="edit" label={say.editAction} onPress={() => onIntent({ do: 'edit', target: line })} />
          )}
          {mayChange && !isOwn && <Action name="flag" label={say.reportAction} onPress={() => toggle('report')} />}
          {((mayChange && isOwn) || mayModerate) && (
            <Action name="trash" label={say.deleteAction} onPress={() => toggle('deleting')} />
          )}
        </div>
      </div>
      {(open === 'emoji' || open === 'readers' || open === 'report') && (
        <MessageDialog {...{ open, line, names }} onReact={react} onClose={close} />
      )}
      {said !== undefined && (
        <p className="confirmation hint" role="status">
          {said}
        </p>
      )}
      {open === 'deleting' && <Deletion onDelete={() => conversation.change('delete', line.seq)} onCancel={close} />}
    </>
  );
}

/** Gives a new element the focus, which also scrolls to it. */
const takeFocus = (element: HTMLElement | null) => element?.focus();

function Deletion({ onDelete, onCancel }: { onDelete: () => void; onCancel: () => void }) {
  return (
    <p className="confirmation">
      <button
        ref={takeFocus}
        type="button"
        className="danger small"
        onClick={onDelete}
        onKeyDown={({ key }) => key === 'Escape' && onCancel()}
      >
        {words().conversation.deleteForAll}
      </button>
    </p>
  );
}

function Action({ name, label, onPress }: { name: IconName; label: string; onPress: () => void }) {
  return (
    <button type="button" className="icon-button small" aria-label={label} title={label} onClick={onPress}>
      <Icon name={name} size={18} />
    </button>
  );
}

interface ChoicesProps {
  readonly onReact: (emoji: string) => void;
  /** Shows all emoji. */
  readonly onMore: () => void;
}

function Choices({ onReact, onMore }: ChoicesProps) {
  const say = words().conversation;
  return (
    <>
      {choices.map((emoji) => (
        <button
          key={emoji}
          type="button"
          className="icon-button small"
          aria-label={say.reactWith(emoji)}
          onClick={() => onReact(emoji)}
        >
          {emoji}
        </button>
      ))}
      <Action name="plus" label={say.moreEmoji} onPress={onMore} />
    </>
  );
}
