import { type EntryEvent, type HistoryPage, refuse } from '@parley/client';
import { HistoryPager } from '../src/live/history-pager.js';
import { about, said } from './entries.js';

type Answer = { resolve: (page: HistoryPage) => void; reject: (thrown: unknown) => void };

function pager() {
  const answers: Answer[] = [];
  const refused: string[] = [];
  const client = {
    history: () => new Promise<HistoryPage>((resolve, reject) => answers.push({ resolve, reject })),
  };
  const { signal } = new AbortController();
  const onRefused = (reason: string) => refused.push(reason);
  return { answers, refused, pager: new HistoryPager({ client, channelId: 1, signal, onRefused }) };
}

const page = (...entries: EntryEvent[]): HistoryPage => ({ log: 'log', entries, more: false });

test('passes a page with the changes that arrived while it was loading', async () => {
  const { answers, pager: one } = pager();
  const taken: unknown[] = [];
  const loading = one.older({ size: 1 }, ({ entries }, changes) => taken.push([entries.length, changes.length]));
  await one.older({ size: 1 }, () => taken.push('a second one'));
  one.note([said(2, 'bob', 'new'), about(3, 'bob', 'edit', 1, 'first')]);
  answers[0]?.resolve(page(said(1, 'bob', 'frist')));
  await loading;
  one.note([about(4, 'bob', 'delete', 1)]);
  expect([taken, answers.length]).toEqual([[[1, 1]], 1]);
});

test('drops an older page that the latest one overtakes, and reports refusals', async () => {
  const { answers, refused, pager: one } = pager();
  const taken: string[] = [];
  const older = one.older({ size: 1 }, () => taken.push('older'));
  const latest = one.latest(1, () => taken.push('latest'));
  answers[0]?.resolve(page());
  answers[1]?.resolve(page());
  await Promise.all([older, latest]);
  const failing = one.latest(1, () => taken.push('never'));
  answers[2]?.reject(refuse('not-a-member'));
  await failing;
  expect([taken, refused]).toEqual([['latest'], ['not-a-member']]);
});
