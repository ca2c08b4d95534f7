import { ChannelKind, MemberRole, type NotifyLevel } from '@parley/client';
import { type RefObject, useEffect, useRef, useState } from 'react';
import { type ChatItem, titleOf } from '../state/chats.js';
import { Dialog } from './dialog.js';
import { Icon } from './icon.js';
import { RefusalLine } from './refusal-line.js';
import { Name } from './text.js';
import { sentence, useAction } from './use-action.js';
import { useCloseOutside } from './use-close-outside.js';
import { useWorkspace } from './workspace-context.js';

type Asked = 'leave' | 'delete';

const levels: readonly (readonly [NotifyLevel, string])[] = [
  ['all', 'All messages'],
  ['mentions', 'Only mentions'],
  ['none', 'Nothing (muted)'],
];

/** The button and the menu of actions on a chat. */
export function ChatMenu({ item }: { item: ChatItem }) {
  const place = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const [asked, setAsked] = useState<Asked>();
  useCloseOutside(place, open, () => setOpen(false));
  useMenuFocus(place, open);
  const ask = (what: Asked) => {
    setOpen(false);
    setAsked(what);
  };
  return (
    <div className="menu-place" ref={place}>
      <button
        type="button"
        className="icon-button"
        aria-label="More"
        title="More"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon name="more" />
      </button>
      {open && <MenuItems item={item} onAsk={ask} onDone={() => setOpen(false)} />}
      {asked !== undefined && <Farewell what={asked} item={item} onClose={() => setAsked(undefined)} />}
    </div>
  );
}

/** Focuses the first item of an opened menu, and the button again when the menu closes with its focus. */
function useMenuFocus(place: RefObject<HTMLElement | null>, isOpen: boolean): void {
  useEffect(() => {
    if (!isOpen) return;
    const menu = place.current;
    menu?.querySelector<HTMLElement>('.menu :is(input:checked, button)')?.focus();
    return () => {
      if (document.activeElement === document.body) menu?.querySelector('button')?.focus();
    };
  }, [place, isOpen]);
}

interface MenuItemsProps {
  readonly item: ChatItem;
  readonly onAsk: (what: Asked) => void;
  readonly onDone: () => void;
}

function MenuItems({ item, onAsk, onDone }: MenuItemsProps) {
  const { chats } = useWorkspace();
  const { id, kind, myRole } = item.channel;
  const { refused, run } = useAction((level: NotifyLevel) => chats.notify(id, level));
  const mark = useAction(async () => {
    await chats.markUnread(id, true);
    onDone();
    location.hash = '#rooms';
  });
  const why = refused ?? mark.refused;
  return (
    <div className="menu">
      <fieldset>
        <legend>Notify me about</legend>
        {levels.map(([level, words]) => (
          <label key={level}>
            <input type="radio" name="notify" checked={item.notify === level} onChange={() => run(level)} /> {words}
          </label>
        ))}
      </fieldset>
      <button type="button" onClick={mark.run}>
        Mark as unread
      </button>
      {myRole !== MemberRole.OWNER && (
        <button type="button" className="danger-item" onClick={() => onAsk('leave')}>
          {kind === ChannelKind.DIRECT ? 'Remove from my list' : 'Leave'}
        </button>
      )}
      {myRole === MemberRole.OWNER && kind !== ChannelKind.DIRECT && (
        <button type="button" className="danger-item" onClick={() => onAsk('delete')}>
          Delete for everyone
        </button>
      )}
      {why !== undefined && (
        <p className="refusal" role="alert">
          {sentence(why.words)}
        </p>
      )}
    </div>
  );
}

function leaveWords({ channel: { kind } }: ChatItem): string {
  if (kind === ChannelKind.DIRECT)
    return 'The other person keeps the chat. You get it back when either of you opens it again.';
  if (kind === ChannelKind.PUBLIC) return 'You can join again at any time.';
  return 'To come back, you need to be added again or to have an invite link.';
}

function Farewell({ what, item, onClose }: { what: Asked; item: ChatItem; onClose: () => void }) {
  const { membership } = useWorkspace();
  const { id } = item.channel;
  const { busy, refused, run } = useAction(async () => {
    await (what === 'leave' ? membership.leave(id) : membership.delete(id));
    onClose();
    location.hash = '#rooms';
  });
  return (
    <Dialog title={what === 'leave' ? 'Leave this chat?' : 'Delete this chat?'} onClose={onClose}>
      <p>
        <Name of={titleOf(item)} />:{' '}
        {what === 'leave' ? leaveWords(item) : 'all its messages are deleted for everyone right away.'}
      </p>
      <RefusalLine refused={refused} />
      <div className="choices">
        <button type="button" className="danger" disabled={busy} onClick={run}>
          {what === 'leave' ? 'Leave chat' : 'Delete chat'}
        </button>
        <button type="button" className="quiet" onClick={onClose}>
          Keep chat
        </button>
      </div>
    </Dialog>
  );
}
