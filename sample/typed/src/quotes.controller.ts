import {
  Body,
  Controller,
  Get,
  HttpCode,
  HttpStatus,
  NotFoundException,
  Param,
  Post,
  UseFilters,
} from '@nestjs/common';
import { type DataOf, TaskProducer, type TaskState, TaskStatusService } from 'nestjs-redis-task-queue';
import { BuildQuote, type Quote } from './contract.js';
import { InvalidDataFilter } from './invalid-data.filter.js';

@Controller('quotes')
export class QuotesController {
  constructor(
    private readonly producer: TaskProducer,
    private readonly statuses: TaskStatusService,
  ) {}

  /** Nobody has looked at the body yet: `add` validates it, and goes to the queue of the contract. */
  @Post()
  @HttpCode(HttpStatus.ACCEPTED)
  @UseFilters(InvalidDataFilter)
  async build(@Body() body: DataOf<typeof BuildQuote>): Promise<{ id: string }> {
    const { id } = await this.producer.add(BuildQuote, body);
    return { id };
  }

  @Get(':id')
  async find(@Param('id') id: string): Promise<{ state: TaskState; quote: Quote | null }> {
    const status = await this.statuses.get(BuildQuote, id);
    if (!status) throw new NotFoundException(`There is no quote "${id}"`);
    return { state: status.state, quote: status.result };
  }
}
