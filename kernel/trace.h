/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: every transaction, interrupt and DMA mapping of every bridge. `domain` names the
 * bridge.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM pciem

#if !defined(PCIEM_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define PCIEM_TRACE_H

#include <linux/tracepoint.h>
#include <linux/pciem.h>

#define pciem_show_op(op)					\
	__print_symbolic(op,					\
			 { PCIEM_OP_CFG_READ, "cfg-read" },	\
			 { PCIEM_OP_CFG_WRITE, "cfg-write" },	\
			 { PCIEM_OP_MEM_READ, "mem-read" },	\
			 { PCIEM_OP_MEM_WRITE, "mem-write" },	\
			 { PCIEM_OP_NOTICE, "notice" })

DECLARE_EVENT_CLASS(pciem_transaction,
	TP_PROTO(u32 domain, const struct pciem_entry *what, u64 data),
	TP_ARGS(domain, what, data),
	TP_STRUCT__entry(
		__field(u32, domain)
		__field(u32, tag)
		__field(u64, addr)
		__field(u64, data)
		__field(u8, op)
		__field(u8, size)
	),
	TP_fast_assign(
		__entry->domain = domain;
		__entry->tag = what->tag;
		__entry->addr = what->addr;
		__entry->data = data;
		__entry->op = what->op;
		__entry->size = what->size;
	),
	TP_printk("%04x %s addr=%#llx size=%u data=%#llx tag=%#x", __entry->domain,
		  pciem_show_op(__entry->op), __entry->addr, __entry->size, __entry->data,
		  __entry->tag)
);

/* Put into the queue. */
DEFINE_EVENT(pciem_transaction, pciem_issue,
	TP_PROTO(u32 domain, const struct pciem_entry *what, u64 data),
	TP_ARGS(domain, what, data));

/* A non-posted one has its value, all ones when there was no answer. */
DEFINE_EVENT(pciem_transaction, pciem_answer,
	TP_PROTO(u32 domain, const struct pciem_entry *what, u64 data),
	TP_ARGS(domain, what, data));

TRACE_EVENT(pciem_msi,
	TP_PROTO(u32 domain, u32 data),
	TP_ARGS(domain, data),
	TP_STRUCT__entry(
		__field(u32, domain)
		__field(u32, data)
	),
	TP_fast_assign(
		__entry->domain = domain;
		__entry->data = data;
	),
	TP_printk("%04x data=%u", __entry->domain, __entry->data)
);

TRACE_EVENT(pciem_intx,
	TP_PROTO(u32 domain, u32 line, bool level),
	TP_ARGS(domain, line, level),
	TP_STRUCT__entry(
		__field(u32, domain)
		__field(u32, line)
		__field(bool, level)
	),
	TP_fast_assign(
		__entry->domain = domain;
		__entry->line = line;
		__entry->level = level;
	),
	TP_printk("%04x INT%c %s", __entry->domain, 'A' + __entry->line,
		  __entry->level ? "asserted" : "deasserted")
);

/* The handlers of an interrupt source run now, on this CPU. */
TRACE_EVENT(pciem_deliver,
	TP_PROTO(u32 domain, u32 source),
	TP_ARGS(domain, source),
	TP_STRUCT__entry(
		__field(u32, domain)
		__field(u32, source)
	),
	TP_fast_assign(
		__entry->domain = domain;
		__entry->source = source;
	),
	TP_printk("%04x source=%u", __entry->domain, __entry->source)
);

DECLARE_EVENT_CLASS(pciem_dma,
	TP_PROTO(u32 domain, u64 addr, size_t size, int dir),
	TP_ARGS(domain, addr, size, dir),
	TP_STRUCT__entry(
		__field(u32, domain)
		__field(int, dir)
		__field(u64, addr)
		__field(u64, size)
	),
	TP_fast_assign(
		__entry->domain = domain;
		__entry->dir = dir;
		__entry->addr = addr;
		__entry->size = size;
	),
	TP_printk("%04x addr=%#llx size=%llu dir=%d", __entry->domain, __entry->addr,
		  __entry->size, __entry->dir)
);

DEFINE_EVENT(pciem_dma, pciem_dma_map,
	TP_PROTO(u32 domain, u64 addr, size_t size, int dir),
	TP_ARGS(domain, addr, size, dir));

DEFINE_EVENT(pciem_dma, pciem_dma_unmap,
	TP_PROTO(u32 domain, u64 addr, size_t size, int dir),
	TP_ARGS(domain, addr, size, dir));

DEFINE_EVENT(pciem_dma, pciem_dma_sync,
	TP_PROTO(u32 domain, u64 addr, size_t size, int dir),
	TP_ARGS(domain, addr, size, dir));

TRACE_EVENT(pciem_link_down,
	TP_PROTO(u32 domain, const char *why),
	TP_ARGS(domain, why),
	TP_STRUCT__entry(
		__field(u32, domain)
		__array(char, why, 64)
	),
	TP_fast_assign(
		__entry->domain = domain;
		strscpy(__entry->why, why, sizeof(__entry->why));
	),
	TP_printk("%04x %s", __entry->domain, __entry->why)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
