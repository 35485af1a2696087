import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createProgram } from '../../src/cli';
import { OPERATOR_TOKEN, type World } from './world';

export interface CommandLine {
  /** What `quittance` with these words writes to stdout. @throws what it says where it fails */
  quittance(...words: string[]): Promise<string>;
  /** The same, with `--json`, read. */
  json(...words: string[]): Promise<ReturnType<typeof JSON.parse>>;
  close(): Promise<void>;
}

/** The command line of an operator of this world, which it reaches over HTTP. */
export async function commandLine(world: World): Promise<CommandLine> {
  const variables = { ...process.env };
  const server = createServer((req, res) => {
    world.wired.app(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.env['QUITTANCE_URL'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env['QUITTANCE_OPERATOR_TOKEN'] = OPERATOR_TOKEN;
  const quittance = async (...words: string[]): Promise<string> => {
    const lines: string[] = [];
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
    try {
      await createProgram().parseAsync(['node', 'quittance', ...words]);
    } finally {
      write.mockRestore();
    }
    return lines.join('');
  };
  return {
    quittance,
    json: async (...words) => JSON.parse(await quittance(...words, '--json')),
    close: async () => {
      process.env = variables;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
