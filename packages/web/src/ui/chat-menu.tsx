import { ChannelKind, MemberRole, type NotifyLevel } from '@parley/client';
import { type FormEvent, type RefObject, useEffect, useRef, useState } from 'react';
import { type ChatItem, titleOf } from '../state/chats.js';
import type { ChatsWords } from '../words/en/chats.js';
import { words } from '../words/words.js';
import { Dialog } from './dialog.js';
import { useWatched } from './hooks.js';
import { Icon } from './icon.js';
import { NameField } from './name-field.js';
import { RefusalLine } from './refusal-line.js';
import { Name } from './text.js';
import { sentence, useAction } from './use-action.js';
import { useCloseOutside } from './use-close-outside.js';
import { useWorkspace } from './workspace-context.js';

type Asked = 'leave' | 'delete' | 'rename';

const levels = [
  ['all', 'notifyAll'],
  ['mentions', 'notifyMentions'],
  ['none', 'notifyNone'],
] as const satisfies readonly (readonly [NotifyLevel, keyof ChatsWords])[];

/** Dialogs that a narrow screen opens from the menu instead of the header. */
type ShownFromMenu = 'search' | 'pins';

interface ChatMenuProps {
  readonly item: ChatItem;
  readonly onShow: (what: ShownFromMenu) => void;
}

/** The button and the menu of actions on a chat. */
export function ChatMenu({ item, onShow }: ChatMenuProps) {
  const place = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const [asked, setAsked] = useState<Asked>();
  const label = words().chats.menu;
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
        aria-label={label}
        title={label}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon name="more" />
      </button>
      {open && <MenuItems item={item} onShow={onShow} onAsk={ask} onDone={() => setOpen(false)} />}
      {asked === 'rename' && <Rename item={item} onClose={() => setAsked(undefined)} />}
      {(asked === 'leave' || asked === 'delete') && (
        <Farewell what={asked} item={item} onClose={() => setAsked(undefined)} />
      )}
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

interface MenuItemsProps extends ChatMenuProps {
  readonly onAsk: (what: Asked) => void;
  readonly onDone: () => void;
}

function MenuItems({ item, onShow, onAsk, onDone }: MenuItemsProps) {
  const { chats } = useWorkspace();
  const { id, kind, myRole } = item.channel;
  const { refused, run } = useAction((level: NotifyLevel) => chats.notify(id, level));
  const mark = useAction(async () => {
    await chats.markUnread(id, true);
    onDone();
    location.hash = '#rooms';
  });
  const why = refused ?? mark.refused;
  const say = words().chats;
  return (
    <div className="menu">
      <fieldset>
        <legend>{say.notify}</legend>
        {levels.map(([level, name]) => (
          <label key={level}>
            <input type="radio" name="notify" checked={item.notify === level} onChange={() => run(level)} /> {say[name]}
          </label>
        ))}
      </fieldset>
      <NarrowItems id={id} onShow={onShow} onDone={onDone} />
      <button type="button" onClick={mark.run}>
        {say.markUnread}
      </button>
      {kind !== ChannelKind.DIRECT && (myRole === MemberRole.OWNER || myRole === MemberRole.ADMIN) && (
        <button type="button" onClick={() => onAsk('rename')}>
          {say.rename}
        </button>
      )}
      {myRole !== MemberRole.OWNER && (
        <button type="button" className="danger-item" onClick={() => onAsk('leave')}>
          {kind === ChannelKind.DIRECT ? say.removeDirect : say.leave}
        </button>
      )}
      {myRole === MemberRole.OWNER && kind !== ChannelKind.DIRECT && (
        <button type="button" className="danger-item" onClick={() => onAsk('delete')}>
          {say.delete}
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

interface NarrowItemsProps extends Pick<MenuItemsProps, 'onShow' | 'onDone'> {
  readonly id: number;
}

/** The items for which the header of a narrow screen has no room. */
function NarrowItems({ id, onShow, onDone }: NarrowItemsProps) {
  const { chats } = useWorkspace();
  const isFavourite = useWatched(chats).favourites.includes(id);
  const show = (what: ShownFromMenu) => {
    onDone();
    onShow(what);
  };
  return (
    <>
      <button type="button" className="narrow-only" onClick={() => show('search')}>
        {words().chats.search}
      </button>
      <button type="button" className="narrow-only" onClick={() => show('pins')}>
        {words().chats.pinned}
      </button>
      <button type="button" className="narrow-only" onClick={() => chats.favourite(id, !isFavourite)}>
        {isFavourite ? words().chats.removeFavourite : words().chats.addFavourite}
      </button>
    </>
  );
}

function Rename({ item: { channel }, onClose }: { item: ChatItem; onClose: () => void }) {
  const { membership } = useWorkspace();
  const { busy, refused, run } = useAction(async (form: FormData) => {
    await membership.rename(channel.id, String(form.get('name')).trim());
    onClose();
  });
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    run(new FormData(event.currentTarget));
  };
  return (
    <Dialog title={words().chats.rename} onClose={onClose}>
      <form onSubmit={onSubmit}>
        <NameField label={words().common.name} initial={channel.name} isRequired />
        <RefusalLine refused={refused} />
        <button className="primary" type="submit" disabled={busy}>
          {words().chats.rename}
        </button>
      </form>
    </Dialog>
  );
}

function leaveWords({ channel: { kind } }: ChatItem): string {
  const { leaveDirect, leavePublic, leaveOther } = words().chats;
  if (kind === ChannelKind.DIRECT) return leaveDirect;
  return kind === ChannelKind.PUBLIC ? leavePublic : leaveOther;
}

function Farewell({ what, item, onClose }: { what: 'leave' | 'delete'; item: ChatItem; onClose: () => void }) {
  const { membership } = useWorkspace();
  const say = words().chats;
  const { id } = item.channel;
  const { busy, refused, run } = useAction(async () => {
    await (what === 'leave' ? membership.leave(id) : membership.delete(id));
    onClose();
    location.hash = '#rooms';
  });
  return (
    <Dialog title={what === 'leave' ? say.leaveTitle : say.deleteTitle} onClose={onClose}>
      <p>
        <Name of={titleOf(item)} />: {what === 'leave' ? leaveWords(item) : say.deleteHint}
      </p>
      <RefusalLine refused={refused} />
      <div className="choices">
        <button type="button" className="danger" disabled={busy} onClick={run}>
          {what === 'leave' ? say.leaveChat : say.deleteChat}
        </button>
        <button type="button" className="quiet" onClick={onClose}>
          {say.keepChat}
        </button>
      </div>
    </Dialog>
  );
}
