import type { Channel } from '@parley/client';
import { dateTime } from '../../state/times.js';
import { adminWords } from '../../words/admin.js';
import { Dialog } from '../dialog.js';
import { adminKindWords, channelName } from './channel-words.js';
import { ConfirmedAction } from './confirmed-action.js';
import { Facts } from './facts.js';
import { HoldAction } from './hold-action.js';
import { KickAction } from './kick-action.js';
import { useOperator } from './operator-context.js';
import { Shown } from './shown.js';

interface ChannelProps {
  readonly channel: Channel;
  readonly onDeleted: (channel: Channel) => void;
}

/** A channel, and what an operator can do with it. */
export function ChannelDialog({ channel, onDeleted, onClose }: ChannelProps & { onClose: () => void }) {
  const { channels: say, id } = adminWords();
  return (
    <Dialog title={`${id} ${channel.id}`} onClose={onClose}>
      <Facts
        of={[
          [adminWords().name, <Shown key="name" text={channelName(channel)} />],
          [say.kind, adminKindWords(channel)],
          [say.owner, <Shown key="owner" text={channel.ownerId} />],
          [say.description, channel.description === '' ? '' : <Shown key="about" text={channel.description} />],
          [say.members, channel.memberCount],
          [say.here, channel.userCount],
          [say.slowMode, channel.slowModeS === 0 ? '' : say.seconds(`${channel.slowModeS}`)],
          [say.lastAt, channel.lastAt === 0 ? adminWords().never : dateTime(channel.lastAt)],
          [say.createdAt, dateTime(channel.createdAt)],
        ]}
      />
      <KickAction whom={{ channelId: channel.id }} say={say} />
      <HoldAction on={{ channelId: channel.id }} />
      <DeleteAction {...{ channel, onDeleted }} />
    </Dialog>
  );
}

function DeleteAction({ channel, onDeleted }: ChannelProps) {
  const operator = useOperator();
  const say = adminWords().channels;
  const remove = async () => {
    await operator.deleteChannel(channel.id);
    onDeleted(channel);
    return undefined;
  };
  return (
    <ConfirmedAction label={say.remove} hint={say.removeHint} isDangerous typed={String(channel.id)} act={remove} />
  );
}
