import { type User, UserStatus } from '@parley/client';
import type { ListUsersRequest } from '@parley/contract';
import { useCallback, useState } from 'react';
import { dateTime } from '../../state/times.js';
import { adminWords } from '../../words/admin.js';
import { fieldText } from './confirmed-action.js';
import { type Column, DataTable } from './data-table.js';
import { InviteDialog } from './invite-dialog.js';
import { ListEnd } from './list-end.js';
import { useOperator } from './operator-context.js';
import { RoleBadge, StatusBadge } from './person-badges.js';
import { PersonDialog } from './person-dialog.js';
import { SearchForm } from './search-form.js';
import { Shown } from './shown.js';
import { type RowRange, usePages } from './use-pages.js';

const statuses = { active: UserStatus.ACTIVE, suspended: UserStatus.SUSPENDED, deleted: UserStatus.DELETED } as const;

function isStatus(name: string): name is keyof typeof statuses {
  return Object.hasOwn(statuses, name);
}

function columnsOf(onOpen: (id: string) => void): Column<User>[] {
  const { people: say, id, name, never } = adminWords();
  return [
    {
      title: id,
      sort: (user) => user.id,
      cell: (user) => (
        <button type="button" className="link" onClick={() => onOpen(user.id)}>
          <Shown text={user.id} />
        </button>
      ),
    },
    { title: name, sort: (user) => user.name, cell: (user) => <Shown text={user.name} /> },
    { title: say.email, sort: (user) => user.email, cell: (user) => <Shown text={user.email} /> },
    { title: say.role, sort: (user) => user.role, cell: (user) => <RoleBadge of={user} /> },
    { title: say.status, sort: (user) => user.status, cell: (user) => <StatusBadge of={user} /> },
    {
      title: say.lastSeen,
      sort: (user) => user.lastSeen,
      cell: (user) => (user.lastSeen === 0 ? never : dateTime(user.lastSeen)),
    },
    { title: say.createdAt, sort: (user) => user.createdAt, cell: (user) => dateTime(user.createdAt) },
    { title: say.number, isNumber: true, sort: (user) => user.number, cell: (user) => user.number },
  ];
}

/** Which accounts to list. */
type PeopleQuery = Pick<ListUsersRequest, 'text' | 'status'>;

function usePeople(query: PeopleQuery) {
  const operator = useOperator();
  const load = useCallback(
    async (page: RowRange, signal: AbortSignal) => {
      const { users, next } = await operator.calls.users({ ...query, page }, { signal });
      return { rows: users, next };
    },
    [operator, query],
  );
  return usePages<User>(load);
}

/** The accounts. `text` is what to search for at first. */
export function PeopleSection({ text }: { text: string }) {
  const say = adminWords().people;
  const [query, setQuery] = useState<PeopleQuery>({ text, status: UserStatus.UNSPECIFIED });
  const [opened, setOpened] = useState(text === '' ? undefined : text);
  const [invites, setInvites] = useState(false);
  const list = usePeople(query);
  const user = list.rows.find(({ id }) => id === opened);
  const search = (form: FormData) => {
    const status = fieldText(form, 'status');
    setQuery({ text: fieldText(form, 'text'), status: isStatus(status) ? statuses[status] : UserStatus.UNSPECIFIED });
  };
  const change = (changed: User) =>
    list.change((rows) => rows.map((one) => (one.id === changed.id ? { ...one, ...changed } : one)));
  return (
    <>
      <SearchForm hint={say.hint} text={text} fields={<StatusChoice />} onSearch={search}>
        <button type="button" className="quiet" onClick={() => setInvites(true)}>
          {say.invite}
        </button>
      </SearchForm>
      {list.rows.length > 0 && (
        <DataTable label={say.tab} columns={columnsOf(setOpened)} rows={list.rows} keyOf={({ id }) => id} />
      )}
      <ListEnd list={list} />
      {user && <PersonDialog user={user} onChanged={change} onClose={() => setOpened(undefined)} />}
      {invites && <InviteDialog onClose={() => setInvites(false)} />}
    </>
  );
}

function StatusChoice() {
  const say = adminWords().people;
  return (
    <select name="status" aria-label={say.status}>
      <option value="">{say.all}</option>
      {Object.keys(statuses)
        .filter(isStatus)
        .map((name) => (
          <option key={name} value={name}>
            {say.statuses[name]}
          </option>
        ))}
    </select>
  );
}
