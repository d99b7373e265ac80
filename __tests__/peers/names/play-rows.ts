import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startService } from '../../rehearsal/faulty-service.ts';
import { type Played, playRow } from './play-row.ts';
import { rowsOf, type World } from './rows.ts';

// Plays all rows of a world in one process, because a start takes longer than most rows:
// node play-rows.ts <windows|macos> <directory> <file for the results>
const [world, directory = '', results = ''] = process.argv.slice(2);
if (world !== 'windows' && world !== 'macos') throw new Error(`There is no world ${world}`);
const service = await startService();
for (const [index, row] of rowsOf(world satisfies World).entries()) {
  const top = join(directory, `row ${index}`);
  mkdirSync(top, { recursive: true });
  const played = await playRow(row, top, service).catch(
    (error: unknown): Played => ({
      signed: [],
      error: `THROWN: ${error instanceof Error ? error.stack : String(error)}`,
      written: [],
      verified: '',
      log: '',
    }),
  );
  // One line at a time, so that a row that never ends hides none before it.
  appendFileSync(results, `${JSON.stringify({ title: row.title, ...played })}\n`);
}
await service.close();
