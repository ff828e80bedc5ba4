#include <stdio.h>

int main(void)
{
    fputs("ward: no commands yet\n", stderr);
    return 2;
}
