import {
  array,
  bool,
  int4,
  int8,
  loadSql,
  nullable,
  type RowOf,
  text,
  type UserRole,
  type UserStatus,
} from '@parley/database';
import { profileColumns } from '@parley/service-kit';

/** Columns of a user in a list of users. */
export const hitColumns = {
  key: nullable(text),
  id: text,
  number: int4,
  name: text,
  role: text.as<UserRole>(),
  status: text.as<UserStatus>(),
  ...profileColumns,
  blocked: bool,
};

export const searchUsers = loadSql('search.sql', import.meta.url).statement(
  'searchUsers',
  {
    afterKey: text,
    afterNumber: int4,
    text,
    classes: array(bool),
    scan: int8,
    readerId: text,
    readerRole: text.as<UserRole>(),
    exceptNumber: int4,
    size: int8,
  },
  hitColumns,
);

export type SearchHit = RowOf<typeof searchUsers>;
