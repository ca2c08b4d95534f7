import type { Channel } from '@parley/client';
import { memo } from 'react';
import { named, nameOf } from '../state/names.js';
import { roomHref } from '../state/place.js';
import { mostUnread } from '../state/rooms.js';
import { plainLine } from '../state/text.js';
import { words } from '../words/words.js';
import { Name } from './text.js';

interface RoomItemProps {
  readonly room: Channel;
  /** Number and owner, if the name could be mistaken for the name of another room. */
  readonly which: string | undefined;
  readonly isOpen: boolean;
  readonly unread: number;
  readonly unsent: number;
}

/** Returns the names of the users in a room. */
function userNames({ users, userCount }: Channel): string {
  const names = named({}, users);
  if (users.length === 0) return userCount === 0 ? words().rooms.empty : '';
  return users.map(({ id }) => plainLine(nameOf(names, id))).join(', ');
}

const many = (unread: number) => (unread > mostUnread ? `${mostUnread}+` : `${unread}`);

/** Returns a text for a screen reader that replaces the signs in the row. */
function signWords({ userCount, users, limit }: Channel, unread: number): string {
  const { rooms, common } = words();
  const inside = rooms.occupancy(Math.max(userCount, users.length), limit);
  return unread > 0 ? `${inside}, ${common.unread(many(unread))}` : inside;
}

/** A room in the list. */
export const RoomItem = memo(function RoomItem({ room, which, isOpen, unread, unsent }: RoomItemProps) {
  const { users, userCount, name, id } = room;
  const count = Math.max(userCount, users.length);
  const { limit: most } = room;
  const isFull = count >= most;
  return (
    <li>
      <a href={roomHref(id)} className={unread > 0 ? 'room unread' : 'room'} aria-current={isOpen ? 'page' : undefined}>
        <span className="room-name">
          <Name of={name} />
          <span className="unseen">: {signWords(room, unread)}, </span>
        </span>
        <span className="count" data-full={isFull} aria-hidden="true">
          {count}/{most}
        </span>
        <span className="room-inside">
          {which !== undefined && `${which} · `}
          <bdi>{userNames(room)}</bdi>
        </span>
        {unsent > 0 && <span className="unsent">{words().common.notSent(unsent)}</span>}
        {unread > 0 && (
          <span className="badge" aria-hidden="true">
            {many(unread)}
          </span>
        )}
      </a>
    </li>
  );
});
