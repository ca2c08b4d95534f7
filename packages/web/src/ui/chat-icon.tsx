import { ChannelKind } from '@parley/client';
import type { ChatItem } from '../state/chats.js';
import { titleOf } from '../state/chats.js';
import { Avatar, Initials } from './avatar.js';
import { Icon } from './icon.js';

interface ChatIconProps {
  readonly item: Pick<ChatItem, 'channel' | 'peer'>;
  /** Whether the other user of a direct chat is present. */
  readonly isOnline: boolean;
}

/** The picture of a chat: the other user, the initials of a group, or the sign of a channel. */
export function ChatIcon({ item, isOnline }: ChatIconProps) {
  const { kind, id } = item.channel;
  if (kind === ChannelKind.PUBLIC || kind === ChannelKind.PRIVATE) {
    return (
      <span className="avatar square sign" aria-hidden="true">
        <Icon name={kind === ChannelKind.PUBLIC ? 'hash' : 'lock'} size={18} />
      </span>
    );
  }
  return (
    <span className="avatar-place" data-online={isOnline}>
      {item.peer === undefined ? (
        <Initials id={`${id}`} name={titleOf(item)} square={kind === ChannelKind.GROUP} />
      ) : (
        <Avatar id={item.peer.id} name={titleOf(item)} />
      )}
    </span>
  );
}
