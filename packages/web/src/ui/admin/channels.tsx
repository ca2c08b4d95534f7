import type { Channel } from '@parley/client';
import { useCallback, useState } from 'react';
import { dateTime } from '../../state/times.js';
import { adminWords } from '../../words/admin.js';
import { ChannelDialog } from './channel-dialog.js';
import { adminKindWords, channelName } from './channel-words.js';
import { fieldText } from './confirmed-action.js';
import { type Column, DataTable } from './data-table.js';
import { ListEnd } from './list-end.js';
import { useOperator } from './operator-context.js';
import { SearchForm } from './search-form.js';
import { Shown } from './shown.js';
import { type RowRange, usePages } from './use-pages.js';

function columnsOf(onOpen: (id: number) => void): Column<Channel>[] {
  const { channels: say, id, name } = adminWords();
  return [
    {
      title: name,
      sort: channelName,
      cell: (channel) => (
        <button type="button" className="link" onClick={() => onOpen(channel.id)}>
          <Shown text={channelName(channel)} />
        </button>
      ),
    },
    { title: say.kind, sort: adminKindWords, cell: adminKindWords },
    { title: say.owner, sort: ({ ownerId }) => ownerId, cell: ({ ownerId }) => <Shown text={ownerId} /> },
    {
      title: say.members,
      isNumber: true,
      sort: ({ memberCount }) => memberCount,
      cell: ({ memberCount }) => memberCount,
    },
    { title: say.here, isNumber: true, sort: ({ userCount }) => userCount, cell: ({ userCount }) => userCount },
    {
      title: say.lastAt,
      sort: ({ lastAt }) => lastAt,
      cell: ({ lastAt }) => (lastAt === 0 ? adminWords().never : dateTime(lastAt)),
    },
    { title: id, isNumber: true, sort: (channel) => channel.id, cell: (channel) => channel.id },
  ];
}

/** What to search for. A new one reads the list again, also with the same text. */
interface ChannelsQuery {
  readonly text: string;
}

function useChannels(query: ChannelsQuery) {
  const operator = useOperator();
  const load = useCallback(
    async (page: RowRange, signal: AbortSignal) => {
      const { channels, next } = await operator.calls.channels({ text: query.text, page }, { signal });
      return { rows: channels, next };
    },
    [operator, query],
  );
  return usePages<Channel>(load);
}

/** The channels of every kind. */
export function ChannelsSection() {
  const say = adminWords().channels;
  const [query, setQuery] = useState<ChannelsQuery>({ text: '' });
  const [opened, setOpened] = useState<number>();
  const [notice, setNotice] = useState('');
  const list = useChannels(query);
  const channel = list.rows.find(({ id }) => id === opened);
  const onDeleted = (deleted: Channel) => {
    list.change((rows) => rows.filter(({ id }) => id !== deleted.id));
    setNotice(say.removed);
  };
  const open = (id: number) => {
    setOpened(id);
    setNotice('');
  };
  return (
    <>
      <SearchForm hint={say.hint} text="" onSearch={(form) => setQuery({ text: fieldText(form, 'text') })} />
      <p role="status">{notice}</p>
      {list.rows.length > 0 && (
        <DataTable label={say.tab} columns={columnsOf(open)} rows={list.rows} keyOf={({ id }) => id} />
      )}
      <ListEnd list={list} />
      {channel && <ChannelDialog channel={channel} onDeleted={onDeleted} onClose={() => setOpened(undefined)} />}
    </>
  );
}
