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
import { addIncidentCommands } from './cli/incidents';
import { addOrderCommands } from './cli/orders';
import { addOpenWorkCommands } from './cli/open-work';
import { addOperatorActionCommands } from './cli/operator-actions';
import { standardOutput } from './cli/output';
import { addPaymentCommands } from './cli/payments';
import { addRetentionCommands } from './cli/retention';
import { addServiceCommands } from './cli/service';
import { addReconciliationCommands } from './cli/reconciliation';
import { addFeePlanCommands, addPointsRuleCommands } from './cli/terms';
import { addTimelineCommand } from './cli/timeline';
import { StartRefused, oneLine } from './database/start-refused';

const HELP = `
Commands that call the service find it through QUITTANCE_URL and QUITTANCE_OPERATOR_TOKEN, or through the data folder
(QUITTANCE_DATA_DIR, .data) of one that runs on this machine with its own database.`;

/** All verbs; whoever checks what is written about them reads them here. */
export function createProgram(): Command {
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
  addOpenWorkCommands(program, context);
  addRetentionCommands(program, standardOutput);
  addTimelineCommand(program, context);
  addBookCommands(program, context);
  addJournalCommands(program, standardOutput);
  addOpenApiCommand(program, context);
  addReconciliationCommands(program, context);
  addIncidentCommands(program, context);
  addOperatorActionCommands(program, context);
  return program;
}

/** Does what the process was started for. Whatever goes wrong is one line for a person; wrong variables are one line each. */
export function runCommandLine(): void {
  createProgram()
    .parseAsync()
    .catch((error: unknown) => {
      const text = error instanceof StartRefused ? error.message : oneLine(error);
      process.stderr.write(`${text}\n`);
      process.exit(1);
    });
}

if (require.main === module) runCommandLine();
