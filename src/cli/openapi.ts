import type { Command } from 'commander';
import { createClient, serviceUrl } from './client';
import type { CommandContext } from './commands';

/** The API's document as the running service gives it, for linters and for what makes clients of it. It needs no token. */
export function addOpenApiCommand(program: Command, context: CommandContext): void {
  program
    .command('openapi')
    .description("print the API's OpenAPI 3.1 document, as the service serves it at /openapi.json")
    .action(async () => {
      const document = await createClient(serviceUrl(context.config()), 'none').get('/openapi.json');
      context.output.line(JSON.stringify(document, null, 2));
    });
}
