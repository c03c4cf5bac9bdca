/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In which order services start. Pure. */
#ifndef INITFS_ORDER_H
#define INITFS_ORDER_H

#include "rcfilter/catalog.h"

/*
 * Marks in reached[count] everything that service needs or wants first, itself included: the
 * closure over all edges, the optional ones too.
 */
void order_closure(const struct catalog *catalog, size_t service, bool *reached);

/*
 * Puts the wanted[count] services into order[] so that each stands behind all it needs or wants
 * (a circle is cut somewhere). Returns how many they are.
 */
size_t order_services(const struct catalog *catalog, const bool *wanted, size_t *order);

#endif
