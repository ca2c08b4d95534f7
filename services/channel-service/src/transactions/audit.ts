import { statements } from '@parley/database';

const sql = statements(import.meta.url);

export const audit = sql<never, [actor: string, action: string, target: string, detail: object]>('audit');
