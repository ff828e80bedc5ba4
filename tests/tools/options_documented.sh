#!/bin/sh
# The manual pages, and the metrics, against the program's own tables: every option of ward.conf, every noun, verb and
# option of the command line has its entry, and no page names what is not there. Prints TAP.
#
#     options_documented.sh        $WARD: the program, $srcdir: the top of the source
WARD=${WARD:-./ward}
srcdir=${srcdir:-.}
conf=$srcdir/node/ward.conf.5
tests=0

# report NAME MISSING: passes when nothing is missing
report() {
    tests=$((tests + 1))
    if [ -z "$2" ]; then
        echo "ok $tests - $1"
    else
        echo "not ok $tests - $1"
        echo "$2" | sed 's/^/# /'
    fi
}

# The table as "name<TAB>default<TAB>minimum<TAB>maximum".
table() {
    "$WARD" help options --json |
        sed 's/{"name":"\([^"]*\)".*"default":"\([^"]*\)","minimum":"\([^"]*\)","maximum":"\([^"]*\)".*/\1\t\2\t\3\t\4/'
}

# entry NAME: what ward.conf.5 says about one option
entry() {
    awk -v name="$1" '/^\.It Ic /{ here = $3 == name } /^\.El/{ here = 0 } here' "$conf" | tr '\n' ' '
}

tab=$(printf '\t')
missing=$(table | while IFS=$tab read -r name rest; do
    [ -n "$(entry "$name")" ] || echo "$name has no entry"
done)
report every_option_is_in_the_manual "$missing"

# Paths depend on how this was configured.
wrong=$(table | while IFS= read -r line; do
    name=$(echo "$line" | cut -f1) value=$(echo "$line" | cut -f2)
    low=$(echo "$line" | cut -f3) high=$(echo "$line" | cut -f4)
    text=$(entry "$name")
    case $value in
    /* | '') ;;
    *) case $text in *"Default: $value."*) ;; *) echo "$name: default is $value" ;; esac ;;
    esac
    [ -z "$low" ] || [ "$name" = delivery_backoff ] ||
        case $text in *"from $low to $high."*) ;; *) echo "$name: range is $low to $high" ;; esac
done)
report every_default_and_range_in_the_manual_is_right "$wrong"

unknown=$(awk '/^\.Sh OPTIONS/{ on = 1 } /^\.Sh FILES/{ on = 0 } on && /^\.It Ic /{ print $3 }' "$conf" |
    while read -r name; do
        table | cut -f1 | grep -qx "$name" || echo "$name is no option"
    done)
report no_option_in_the_manual_is_unknown "$unknown"

# page NOUN: its manual page, through an alias if it is one
page() {
    file=$srcdir/node/cli/ward-$1.1
    [ -e "$file" ] || return 1
    other=$(sed -n 's#^\.so man1/##p' "$file")
    [ -n "$other" ] && file=$srcdir/node/cli/$other
    cat "$file"
}

nouns=$("$WARD" help -- complete '' | grep -vx help)
missing=$(for noun in $nouns; do
    page "$noun" >/dev/null || echo "ward $noun has no page"
done)
report every_noun_has_a_page "$missing"

missing=$(for noun in $nouns; do
    text=$(page "$noun")
    verbs=$("$WARD" help -- complete "$noun" '')
    for verb in ${verbs:-.}; do
        if [ "$verb" = . ]; then
            set -- "$noun"
        else
            set -- "$noun" "$verb"
            echo "$text" | grep -q "^\.It Cm $verb\b" || echo "ward $noun $verb is not in its page"
        fi
        "$WARD" help -- complete "$@" -- 2>/dev/null | grep -vxE -- '--(config|json|help|dry-run|reason|yes)' |
            while read -r option; do
                echo "$text" | grep -q "^\.It Fl $(echo "$option" | cut -c2-)\b" ||
                    echo "ward $* $option is not in its page"
            done
    done
done)
report every_verb_and_option_is_in_its_page "$missing"

# What is counted has a row in the table of metrics.c, and the table has nothing else.
counted=$(for file in "$srcdir"/federation/*.c "$srcdir"/federation/act/*.c; do
    tr '\n' ' ' <"$file" | grep -oE '(->count|[^_a-z]count)\([^;]*;' | grep -oE '"[a-z]+\.[a-z]+"'
done | sort -u)
rows=$(grep -oE '^ *\{"[a-z]+\.[a-z]+"' "$srcdir/node/metrics.c" | tr -d ' {' | sort -u)
if [ "$counted" = "$rows" ]; then
    report every_counted_event_has_its_row ''
else
    report every_counted_event_has_its_row "counted: $(echo "$counted" | tr '\n' ' ')
rows:    $(echo "$rows" | tr '\n' ' ')"
fi

if command -v bash >/dev/null; then
    wrong=$(bash -n "$srcdir/node/cli/ward.bash-completion" 2>&1)
    report the_completion_is_good_bash "$wrong"
fi
echo "1..$tests"
