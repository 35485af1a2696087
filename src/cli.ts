#!/usr/bin/env node
import { Command } from 'commander';
import { addAccountCommands } from './cli/accounts';
import { addBookCommands } from './cli/books';
import { addChannelCommands } from './cli/channels';
import { commandContext } from './cli/commands';
import { addEndpointCommands } from './cli/endpoints';
import { addJournalCommands } from './cli/journal';
import { addApiKeyCommands, addMerchantCommands } from './cli/merchants';
import { addOpenApiCommand } from './cli/openapi';
import { addNotificationCommands } from './cli/notifications';
import { addOrderCommands } from './cli/orders';
import { standardOutput } from './cli/output';
import { addPaymentCommands } from './cli/payments';
import { addServiceCommands } from './cli/service';
import { addReconciliationCommands } from './cli/reconciliation';
import { addFeePlanCommands, addPointsRuleCommands } from './cli/terms';
import { addTimelineCommand } from './cli/timeline';
import { StartRefused, oneLine } from './database/start-refused';

const HELP = `
Commands that call the service find it through QUITTANCE_URL and QUITTANCE_OPERATOR_TOKEN, or through the data folder
(QUITTANCE_DATA_DIR, .data) of one that runs on this machine with its own database.`;

function createProgram(): Command {
  const context = commandContext(standardOutput);
  const program = new Command('quittance').description('The payment-callback ledger.').addHelpText('after', HELP);
  addServiceCommands(program, standardOutput);
  addMerchantCommands(program, context);
  addApiKeyCommands(program, context);
  addChannelCommands(program, context);
  addEndpointCommands(program, context);
  addNotificationCommands(program, context);
  addFeePlanCommands(program, context);
  addPointsRuleCommands(program, context);
  addAccountCommands(program, context);
  addOrderCommands(program, context);
  addPaymentCommands(program, context);
  addTimelineCommand(program, context);
  addBookCommands(program, context);
  addJournalCommands(program, standardOutput);
  addOpenApiCommand(program, context);
  addReconciliationCommands(program, context);
  return program;
}

/** Whatever goes wrong is one line for a person; wrong variables of the environment are one line each. */
createProgram()
  .parseAsync()
  .catch((error: unknown) => {
    const text = error instanceof StartRefused ? error.message : oneLine(error);
    process.stderr.write(`${text}\n`);
    process.exit(1);
  });
