import { MemberRole, type User } from '@parley/client';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import type { ChatItem } from '../state/chats.js';
import { words } from '../words/words.js';
import { Avatar } from './avatar.js';
import { useWatched } from './hooks.js';
import { PersonName } from './person-name.js';
import { RefusalLine } from './refusal-line.js';
import { TryAgain } from './try-again.js';
import { useAction } from './use-action.js';
import type { MembersSoFar } from './use-members.js';
import { useWorkspace } from './workspace-context.js';

const roles: Readonly<Partial<Record<MemberRole, 'admin' | 'owner'>>> = {
  [MemberRole.ADMIN]: 'admin',
  [MemberRole.OWNER]: 'owner',
};

/** Height of a row in pixels, before it is measured. */
const rowHeight = 44;

/** The loaded members. Only visible rows are rendered, and the next page is loaded at the end of the list. */
export function MemberList({ members, item }: { members: MembersSoFar; item: ChatItem }) {
  const { users, refused, more, reload, change } = members;
  const place = useRef<HTMLDivElement>(null);
  const scroller = useVirtualizer({
    count: users.length,
    getScrollElement: () => place.current,
    getItemKey: (index) => users[index]?.id ?? index,
    estimateSize: () => rowHeight,
    ...{ gap: 12, overscan: 8 },
  });
  const rows = scroller.getVirtualItems();
  useNextPage(members, (rows.at(-1)?.index ?? -1) + 1 >= users.length);
  return (
    <>
      <div ref={place} className="members">
        <ul className="people-list" style={{ height: scroller.getTotalSize() }}>
          {rows.map(({ key, index, start }) => (
            <li
              key={key}
              ref={scroller.measureElement}
              data-index={index}
              aria-setsize={more === undefined ? users.length : -1}
              aria-posinset={index + 1}
              style={{ transform: `translateY(${start}px)` }}
            >
              <Member user={users[index]} item={item} onChange={change} />
            </li>
          ))}
        </ul>
      </div>
      <RefusalLine refused={refused} />
      {refused !== undefined && <TryAgain onClick={more ?? reload} />}
    </>
  );
}

/** Loads the next page while the end of the loaded members is visible, unless the last try failed. */
function useNextPage({ more, busy, refused }: MembersSoFar, seesEnd: boolean): void {
  useEffect(() => {
    if (seesEnd && !busy && refused === undefined) more?.();
  });
}

interface MemberProps {
  readonly user: User | undefined;
  readonly item: ChatItem;
  readonly onChange: (user: User) => void;
}

function Member({ user, item, onChange }: MemberProps) {
  const { chats, session } = useWorkspace();
  const { online } = useWatched(chats);
  const changing = useAction(async (act: () => Promise<User>) => onChange(await act()));
  if (user === undefined) return null;
  const isMe = user.id === session.userId;
  const say = words().chats;
  const role = roles[user.memberRole];
  return (
    <>
      <span className="avatar-place" data-online={online.has(user.id) || isMe}>
        <Avatar id={user.id} name={user.name || user.id} />
      </span>
      <span className="person">
        <PersonName id={user.id} name={user.name || user.id} />
        <span className="hint">
          {isMe ? words().common.you : user.id}
          {role !== undefined && ` · ${say[role]}`}
        </span>
        {changing.refused !== undefined && <RefusalLine refused={changing.refused} />}
      </span>
      <MemberActions user={user} item={item} changing={changing} />
    </>
  );
}

interface MemberActionsProps {
  readonly user: User;
  readonly item: ChatItem;
  readonly changing: ReturnType<typeof useAction<[act: () => Promise<User>]>>;
}

/** Buttons that give a member another role and remove a member, for users who may do so. */
function MemberActions({ user, item, changing: { busy, run } }: MemberActionsProps) {
  const { membership, session } = useWorkspace();
  const { id, myRole } = item.channel;
  const [isAsked, setIsAsked] = useState(false);
  const say = words().chats;
  if (user.memberRole === MemberRole.OWNER) return null;
  const mayRemove = user.id !== session.userId && (myRole === MemberRole.OWNER || myRole === MemberRole.ADMIN);
  const isAdmin = user.memberRole === MemberRole.ADMIN;
  return (
    <>
      {myRole === MemberRole.OWNER && (
        <button
          type="button"
          className="quiet"
          disabled={busy}
          onClick={() => run(() => membership.setRole(id, user.id, isAdmin ? 'member' : 'admin'))}
        >
          {isAdmin ? say.removeAdmin : say.makeAdmin}
        </button>
      )}
      {mayRemove && (
        <button
          type="button"
          className={isAsked ? 'danger' : 'quiet'}
          disabled={busy}
          onClick={() => (isAsked ? run(() => membership.remove(id, user.id)) : setIsAsked(true))}
        >
          {say.remove}
          {isAsked && '?'}
        </button>
      )}
    </>
  );
}
