import type { ChannelServer, Gateway } from '@parley/contract';
import { useCallback, useState } from 'react';
import { processState, servingCount } from '../../state/admin.js';
import { preciseTime } from '../../state/times.js';
import { adminWords } from '../../words/admin.js';
import { words } from '../../words/words.js';
import { AdminRefusal } from './admin-refusal.js';
import { type Column, DataTable } from './data-table.js';
import { useOperator } from './operator-context.js';
import { nameColumn, type Reporting, reportedColumn, stateColumn } from './process-columns.js';
import { GatewayDialog, ServerDialog } from './server-dialog.js';
import { Shown } from './shown.js';
import { type Refreshed, useRefreshed } from './use-refreshed.js';

const everyMs = 3_000;

function serverColumns(onOpen: (id: string) => void): Column<ChannelServer>[] {
  const say = adminWords().servers;
  return [
    nameColumn(onOpen),
    stateColumn(),
    { title: say.load, isNumber: true, sort: ({ load }) => load, cell: ({ load }) => load.toFixed(2) },
    {
      title: say.channels,
      isNumber: true,
      sort: ({ channelCount }) => channelCount,
      cell: ({ channelCount }) => channelCount,
    },
    { title: say.seats, isNumber: true, sort: ({ seats }) => seats, cell: ({ seats }) => seats },
    { title: say.address, sort: ({ addr }) => addr, cell: ({ addr }) => <Shown text={addr} /> },
    reportedColumn(),
  ];
}

function gatewayColumns(onOpen: (id: string) => void): Column<Gateway>[] {
  const say = adminWords().servers;
  return [
    nameColumn(onOpen),
    stateColumn(),
    { title: say.inboxes, isNumber: true, sort: ({ inboxes }) => inboxes, cell: ({ inboxes }) => inboxes },
    {
      title: say.connections,
      isNumber: true,
      sort: ({ connections }) => connections,
      cell: ({ connections }) => connections,
    },
    { title: say.version, sort: ({ version }) => version, cell: ({ version }) => <Shown text={version} /> },
    { title: say.address, sort: ({ httpAddr }) => httpAddr, cell: ({ httpAddr }) => <Shown text={httpAddr} /> },
    reportedColumn(),
  ];
}

/** Everything that this section reads. */
interface Fleet {
  readonly servers: readonly ChannelServer[];
  readonly gateways: readonly Gateway[];
}

function useFleet(): Refreshed<Fleet> {
  const operator = useOperator();
  const load = useCallback(
    async (signal: AbortSignal) => {
      const [servers, gateways] = await Promise.all([
        operator.calls.servers({ signal }),
        operator.calls.gateways({ signal }),
      ]);
      return { servers, gateways };
    },
    [operator],
  );
  return useRefreshed(load, everyMs);
}

/** Returns the processes that run, or all. A lost chat server that still has channels is among the first. */
function shownOf<P extends Reporting>(processes: readonly P[], all: boolean): readonly P[] {
  const isShown = (one: Reporting) =>
    !one.lapsed || ('channelCount' in one && processState(one) === 'lost' && one.channelCount > 0);
  return all ? processes : processes.filter(isShown);
}

/** The chat servers and the gateways, read again every few seconds. */
export function ServersSection() {
  const say = adminWords().servers;
  const fleet = useFleet();
  const [all, setAll] = useState(false);
  const [opened, setOpened] = useState<string>();
  const { servers = [], gateways = [] } = fleet.value ?? {};
  const close = () => setOpened(undefined);
  const server = servers.find(({ id }) => id === opened);
  const gateway = gateways.find(({ id }) => id === opened);
  return (
    <>
      <FleetSummary fleet={fleet} />
      <label className="check">
        <input type="checkbox" checked={all} onChange={({ target }) => setAll(target.checked)} /> {say.withGone}
      </label>
      <Processes
        title={say.chatServers}
        columns={serverColumns(setOpened)}
        rows={shownOf(servers, all)}
        fleet={fleet}
      />
      <Processes title={say.gateways} columns={gatewayColumns(setOpened)} rows={shownOf(gateways, all)} fleet={fleet} />
      {server && (
        <ServerDialog server={server} others={servingCount(servers.filter((one) => one !== server))} onClose={close} />
      )}
      {gateway && (
        <GatewayDialog
          gateway={gateway}
          others={servingCount(gateways.filter((one) => one !== gateway))}
          onClose={close}
        />
      )}
    </>
  );
}

/** How many processes serve, and when that was read. */
function FleetSummary({ fleet: { value, readAt, refused } }: { fleet: Refreshed<Fleet> }) {
  const say = adminWords().servers;
  const time = preciseTime(readAt);
  return (
    <div className="summary">
      <p>{value === undefined ? '' : say.summary(servingCount(value.servers), servingCount(value.gateways))}</p>
      <p className="hint">{value === undefined ? '' : refused === undefined ? say.readAt(time) : say.stale(time)}</p>
      <AdminRefusal refused={refused} />
    </div>
  );
}

interface ProcessesProps<P> {
  readonly title: string;
  readonly columns: readonly Column<P>[];
  readonly rows: readonly P[];
  readonly fleet: Refreshed<Fleet>;
}

function Processes<P extends Reporting>({ title, columns, rows, fleet }: ProcessesProps<P>) {
  const none = fleet.value === undefined ? words().common.loading : adminWords().servers.none;
  return (
    <>
      <h2>{title}</h2>
      {rows.length === 0 ? (
        <p className="hint">{none}</p>
      ) : (
        <DataTable label={title} columns={columns} rows={rows} keyOf={({ id }) => id} />
      )}
    </>
  );
}
